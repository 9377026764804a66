"""Real media for the demo and for tests: a video and photos made by ffmpeg, and the https server that TikTok pulls photos from."""
import hashlib
import http.server
import ssl
import subprocess
import threading

VIDEO_BYTES_MIN = 11_000_000  # so that chunks show (docs/tiktok-wire.md §5.1)
HOST = "media.example.com"


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-loglevel", "error", "-nostdin", "-y", *arguments], check=True, timeout=300)


def make_video(path, seconds, megabits):
    """A moving test pattern with noise and a tone: H.264 and AAC in MP4, 720p, 30 frames a second."""
    part = path.with_suffix(".part.mp4")
    picture = f"testsrc2=size=1280x720:rate=30:duration={seconds},noise=alls=24:allf=t,format=yuv420p"
    rate = f"{megabits}M"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}",
           "-c:v", "libx264", "-preset", "ultrafast", "-b:v", rate, "-maxrate", rate, "-bufsize", rate,
           "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", str(part))
    part.rename(path)


def make_photo(path, number):
    part = path.with_suffix(".part.jpg")
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=size=1080x1080:rate=1:duration={number + 1}", "-vf", f"hue=h={number * 90}",
           "-frames:v", "1", "-q:v", "3", str(part))
    part.rename(path)


def make_photo_head(folder):
    """The head and tail of a JPEG of 1080 by 1920 pixels: enough for who only looks at its type and its size."""
    path = folder / "photo.jpg"
    head = "ffd8 ffe000104a46494600010100000100010000 ffc0 0011 08 0780 0438 03 012200 021101 031101"
    path.write_bytes(bytes.fromhex(head) + bytes(5000) + bytes.fromhex("ffd9"))
    return path


class Media:
    """What is uploaded and posted; made once, kept under build/demo."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.video, self.clip = folder / "video.mp4", folder / "clip.mp4"
        self.photos = [folder / f"photo{number}.jpg" for number in (1, 2, 3)]
        if not self.video.exists():
            make_video(self.video, seconds=16, megabits=8)
        if not self.clip.exists():
            make_video(self.clip, seconds=4, megabits=2)
        for number, photo in enumerate(self.photos):
            if not photo.exists():
                make_photo(photo, number)
        size = self.video.stat().st_size
        if size < VIDEO_BYTES_MIN:
            raise RuntimeError(f"ffmpeg made a video of only {size} bytes")


def make_certificates(folder):
    """An authority of the demo's own and a certificate for the media server: (authority, certificate, key)."""
    def openssl(*arguments):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", *arguments], check=True, capture_output=True, cwd=folder, timeout=60)
    openssl("-keyout", "authority.key", "-out", "authority.pem", "-subj", "/CN=demo authority")
    openssl("-keyout", "media.key", "-out", "media.pem", "-subj", f"/CN={HOST}", "-CA", "authority.pem", "-CAkey", "authority.key",
            "-addext", f"subjectAltName=DNS:{HOST}", "-addext", "basicConstraints=critical,CA:FALSE")
    return folder / "authority.pem", folder / "media.pem", folder / "media.key"


class PhotoServer:
    """Serves the photos over https on loopback; the simulator resolves HOST to it."""

    def __init__(self, photos, certificate, key):
        served = {f"/photos/{photo.name}": photo for photo in photos}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                photo = served.get(self.path)
                data = photo.read_bytes() if photo else b""
                self.send_response(200 if photo else 404)
                self.send_header("Content-Type", "image/jpeg")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.urls = [f"https://{HOST}{path}" for path in served]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
