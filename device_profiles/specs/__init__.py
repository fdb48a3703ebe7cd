"""What the file of a profile may say: values, conditions, rules, keys, tiers, dialects, and what is wrong with them."""
