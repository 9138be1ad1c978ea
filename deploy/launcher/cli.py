def main() -> None:
    print("cli")
