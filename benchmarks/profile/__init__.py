"""Where the time goes in each process while a booth is live, one visit is taken and a viewer watches."""
