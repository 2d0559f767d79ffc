"""The Security Council of the United Nations: its documents as JSON lines and as XML."""
