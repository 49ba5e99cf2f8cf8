"""The only files that touch a socket."""
