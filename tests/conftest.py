import signal

from hypothesis import settings

# A shell that starts pytest in the background has it ignore Ctrl-C, and so would every command that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = "pytester"

# What is slow on a busy machine is the machine.
settings.register_profile("unhurried", parent=settings(), deadline=None)
settings.load_profile("unhurried")
