"""The explorer: a static site made from the published marts, in plain files that need no server."""
