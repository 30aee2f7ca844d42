"""What leaves for the hospital: a durable table of deliveries, and those who carry them out."""
