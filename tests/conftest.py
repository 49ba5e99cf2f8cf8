from hypothesis import settings

pytest_plugins = "pytester"

# What is slow on a busy machine is the machine.
settings.register_profile("unhurried", parent=settings(), deadline=None)
settings.load_profile("unhurried")
