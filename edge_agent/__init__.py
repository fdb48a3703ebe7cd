"""The program at a street node: reads devices, judges, keeps every fact on disk until the hub has it."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime tells its maker what it runs; read when it is imported
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what a stream lacks is for us to say, once, and not for FFMPEG
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # what a picture lacks, the same; read when OpenCV is imported
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(8192 * 8192))  # of a still: a small file may say any size
