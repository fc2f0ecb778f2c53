"""Archives of articles: every row scored or quarantined, through kills, full disks and garbage. A face, like `cli`."""
