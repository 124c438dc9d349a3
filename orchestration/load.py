"""placeholder"""
import hashlib
from pathlib import Path
def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    digest.update(path.read_bytes())
    return digest.hexdigest()
