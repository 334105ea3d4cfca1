from tools.arm64.cli import main

main(prog_name="python -m tools.arm64")
