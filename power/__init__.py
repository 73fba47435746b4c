"""What costs energy and how to stop it: awake budget, sleep, retained memory, battery, and each port's own part of these."""
