"""The parts of a classifier or an encoder of any library, from the input to the output."""

from __future__ import annotations

from collections.abc import Collection

from torch import nn

from .network import Stage

__all__ = ["backbone_stages", "parts"]


def parts(module: nn.Module, skip: Collection[str] = ()) -> list[tuple[str, nn.Module]]:
    """Return the parts of a network by name, in the order in which they run, which is that of their making.

    A container of stages, such as `features`, `blocks` or `encoder.layers`, is opened. What libraries have in common
    is that it holds much of the network under a name without a number, where a stage itself has one: `layer4`.

    Args:
        skip: children that are left out.
    """
    children = [(name, child) for name, child in module.named_children() if name not in skip]
    whole = sum(_size(child) for _, child in children)
    found: list[tuple[str, nn.Module]] = []
    for name, child in children:
        if _size(child) * 3 > whole and not name[-1].isdigit() and any(True for _ in child.children()):
            found += [(f"{name}.{inner}", part) for inner, part in parts(child)]
        else:
            found.append((name, child))
    return found


def backbone_stages(module: nn.Module, skip: Collection[str] = ()) -> list[Stage]:
    """Return a network as stages that hold every parameter once.

    What cannot learn, and norms, go with the stage before; parameters that no part holds, such as the class token of
    a ViT or its positions, go with the first stage.

    Args:
        skip: children that do not belong to the backbone.
    """
    groups: list[tuple[str, list[nn.Module]]] = []
    early: list[nn.Module] = []
    for name, part in parts(module, skip):
        if _goes_along(part):
            (groups[-1][1] if groups else early).append(part)
        else:
            groups.append((name, [*early, part]))
            early = []
    if not groups:
        return []
    held = {id(parameter) for _, group in groups for part in group for parameter in part.parameters()}
    held |= {id(parameter) for name in skip for parameter in module.get_submodule(name).parameters()}
    loose = [parameter for parameter in module.parameters() if id(parameter) not in held]
    if loose:
        groups[0][1].append(nn.ParameterList(loose))
    return [Stage(name, tuple(group), True) for name, group in groups]


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _goes_along(module: nn.Module) -> bool:
    return all(parameter.ndim <= 1 for parameter in module.parameters())
