"""The report: one HTML file that tells the story of a run and needs nothing else."""

from sightline.report.page import render_report, write_report

__all__ = ["render_report", "write_report"]
