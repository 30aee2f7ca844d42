"""The booth agent: runs the lights and the camera, streams previews, and never loses a still."""
