"""A job over many machines: Ray starts workers, hands them shards and brings back what they made of them."""
