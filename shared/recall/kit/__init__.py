"""What every service's shell needs, with no domain word in it."""
