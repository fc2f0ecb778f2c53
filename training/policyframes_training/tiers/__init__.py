"""From data to a bundle: training, calibration, card and record of the fast tier, the encoder and the cascade."""
