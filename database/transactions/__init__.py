"""How long transactions take, how they fail, and what they wait for."""
