"""Review: a person answers what the policy held back."""
