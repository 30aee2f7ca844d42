"""What a person changes afterwards: patient, visit, rejected photographs."""
