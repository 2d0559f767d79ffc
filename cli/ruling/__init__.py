"""Rules: checked, put in words, tested, and put in force."""
