"""What the command, the site and Python users ask of a publication, and how a value, period or place reads."""
