#!/usr/bin/env python3
"""Verifies a report of Veil without Veil: verify.py FILE VERIFIER_KEY

Needs Python 3 and OpenSSL 3. It ends with an error if the file was changed.
"""
import base64, hashlib, json, os, subprocess, sys, tempfile

data, key = open(sys.argv[1], "rb").read(), sys.argv[2]
if data.endswith(b"\n}\n"):  # JSON: the signature is the last member, a list of lines
    body, tail = data.rsplit(b',\n  "signature": [\n', 1)
    note = "\n".join(json.loads(b"[" + tail[:-len(b"\n  ]\n}\n")] + b"]"))
else:  # HTML: the signature is a comment after the page
    body, tail = data.rsplit(b"\n<!-- veil-signature\n", 1)
    note = tail[:-len(b"-->\n")].decode()
text, signature = note.split("\n\n")
name, keyhash, public = key.split("+", 2)
blob = base64.b64decode(signature.removeprefix("— " + name + " "))
size, digest = text.split("\n")[2:4]
if int(size) != len(body) or digest != hashlib.sha256(body).hexdigest():
    sys.exit("The file was changed after it was signed.")
if blob[:4].hex() != keyhash:
    sys.exit("The file is signed with another key.")
with tempfile.TemporaryDirectory() as folder:
    for part, content in {
        "key": bytes.fromhex("302a300506032b6570032100") + base64.b64decode(public)[1:],
        "text": text.encode() + b"\n", "signature": blob[4:],
    }.items():
        open(os.path.join(folder, part), "wb").write(content)
    sys.exit(subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key",
                             "-rawin", "-in", "text", "-sigfile", "signature"], cwd=folder).returncode)
