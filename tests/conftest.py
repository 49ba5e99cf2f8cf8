from hypothesis import settings

pytest_plugins = "pytester"

# What is slow here is the machine.
settings.register_profile("unhurried", settings.get_current_profile_name() and settings(), deadline=None)
settings.load_profile("unhurried")
