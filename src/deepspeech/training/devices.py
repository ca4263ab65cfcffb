"""What training can run on."""

import torch
from torch import nn

from deepspeech.errors import ConfigError


def best(number: int = 0) -> torch.device:
    """This machine's GPU of that number where there are any, else the CPU."""
    return torch.device("cuda", number) if torch.cuda.is_available() else torch.device("cpu")


def precision(wanted: str, device: torch.device) -> str:
    """ "float32" or "bfloat16"; "auto" becomes the latter where the device multiplies such numbers in hardware."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    abilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return "bfloat16" if abilities.get("avx512_bf16") or abilities.get("amx_bf16") else "float32"


def compile_network(network: nn.Module, threads: int) -> None:
    """Have torch translate the network for this device at its first use, in place. Raises ConfigError."""
    if threads > 1:
        raise ConfigError(
            "training.compile does not go together with several threads, which would translate at the same time; "
            "leave it off on a CPU, or set training.threads = 1"
        )
    network.compile(dynamic=True)


def describe() -> list[str]:
    """The machine's devices in words, GPUs first."""
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return [*gpus, f"CPU ({torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()})"]
