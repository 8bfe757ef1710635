"""dicom_peer.py [--seconds S] FILE...: pydicom with Debian's decoders at what bench_dicom does, in one process; FILE<tab>SECONDS."""
import statistics
import sys
import time
import warnings

warnings.simplefilter("ignore")
import pydicom
from pydicom.pixel_data_handlers.util import apply_modality_lut


def read_once(path):
    start = time.process_time()
    data = pydicom.dcmread(path, force=True)
    pixels = data.pixel_array
    if data.SamplesPerPixel == 1:
        apply_modality_lut(pixels, data)
    return time.process_time() - start


def main():
    arguments, budget = sys.argv[1:], 0.3
    if arguments[:1] == ["--seconds"]:
        budget, arguments = float(arguments[1]), arguments[2:]
    for path in arguments:
        try:
            read_once(path)
            begun, seconds = time.process_time(), []
            while len(seconds) < 5 or time.process_time() - begun < budget:
                seconds.append(read_once(path))
            print(f"{path}\t{statistics.median(seconds):.6g}", flush=True)
        except Exception as error:
            print(f"{path}\terror\t{type(error).__name__}", flush=True)


main()
