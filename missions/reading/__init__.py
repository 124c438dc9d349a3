"""What the command, the site and a Python user ask of a publication, and how a value, a period, a place reads."""
