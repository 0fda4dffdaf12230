"""Questions between regions in the simulator: many nodes, virtual time, lost and lying ones."""
