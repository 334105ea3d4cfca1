from tools.attacks.cli import main

main()
