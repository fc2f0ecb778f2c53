"""The fine-tuned transformer: settings, data, network, training with checkpoints, export to ONNX."""
