"""The Missions Index: the library and the `missions` command.

Belongs here: what `import missions` offers. Nothing else is imported, so that the command starts fast.
"""
