"""The doors of the emulator. Each turns what arrives into an ``HttpRequest``, and the answer back; one state stands
behind all of them."""
