"""labels/ on disk: reading, anchors, splits, agreement, and the audit that finds every defect."""
