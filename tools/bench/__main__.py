from tools.bench.cli import main

main(prog_name="python -m tools.bench")
