"""The kill campaign: ledgers and rollers are killed and stopped at random moments, and the outcome must not show it."""
