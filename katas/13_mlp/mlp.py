"""MLP: layers in sequence, with a bend between them.

The lesson is README.md. Write the functions in order, and check them with: make kata N=13
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def relu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Keep every number above 0, and put 0 in the place of every number below 0.

    ReLU stands for "rectified linear unit": max(x, 0), number by number.
    Write it yourself: PyTorch's relu and its relatives (leaky_relu, relu6, elu, threshold and the like) are not
    allowed in this function. `clamp`, `maximum`, `where` and plain arithmetic are.

    Args:
        x: at least one number, of any shape and any floating-point dtype. Neither x nor 2 * x holds inf or nan.
            It is not modified.

    Returns:
        A new tensor with the shape, dtype and device of x.
        Gradients flow back to x: they pass where x is above 0, and are 0 where x is below. (At 0 any
        gradient from 0 to 1 will do.)

    Example:
        >>> relu(torch.tensor([-2.0, 0.0, 3.0]))
        tensor([0., 0., 3.])
    """
    raise NotImplementedError("relu")


class SimpleNet(nn.Module):
    """Two linear layers with a ReLU between them.

    `layer1` goes from n_in to n_hidden, `layer2` from n_hidden to n_out. Both are `nn.Linear` layers with bias, as
    PyTorch makes them (their first numbers too), and their parameters are all that the net learns. Nothing comes after
    the second layer.
    Training mode and evaluation mode give the same result, and a call changes nothing that the net holds.
    For the ReLU take your own `relu` or PyTorch's (`nn.ReLU`, `torch.relu`), as you like.

    Example:
        >>> net = SimpleNet(3, 8, 2)
        >>> net(torch.ones(5, 3)).shape
        torch.Size([5, 2])
        >>> net.layer1.weight.shape, net.layer2.weight.shape
        (torch.Size([8, 3]), torch.Size([2, 8]))
    """

    def __init__(self, n_in: int, n_hidden: int, n_out: int) -> None:
        """Make the two layers.

        Args:
            n_in: how many numbers one token has when it comes in.
            n_hidden: how many numbers it has between the layers.
            n_out: how many numbers it has when it leaves. All three are at least 1.
        """
        raise NotImplementedError("SimpleNet.__init__")

    def forward(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """Send every token through the first layer, the ReLU and the second layer.

        Args:
            x: at least one token, shape (..., n_in), with any number of dimensions in front, or none. It has the dtype
                and the device of the parameters. It is not modified.

        Returns:
            A new tensor, shape (..., n_out), with the dtype and device of x.
            Gradients flow back to x and to the parameters of both layers.
        """
        raise NotImplementedError("SimpleNet.forward")


class DeepNet(nn.Module):
    """Any number of linear layers, with a ReLU after each one but the last.

    `layers` holds the layers in their order, and nothing else: an `nn.ModuleList` (or an `nn.Sequential`) of
    `nn.Linear` layers with bias, as PyTorch makes them (their first numbers too). Each is a layer of its own, and their
    parameters are all that the net learns.
    Training mode and evaluation mode give the same result, and a call changes nothing that the net holds.
    For the ReLU take your own `relu` or PyTorch's (`nn.ReLU`, `torch.relu`), as you like.

    Example:
        >>> net = DeepNet([3, 8, 6, 2])
        >>> net(torch.ones(5, 3)).shape
        torch.Size([5, 2])
        >>> [layer.out_features for layer in net.layers]
        [8, 6, 2]
    """

    def __init__(self, sizes: list[int] | tuple[int, ...]) -> None:
        """Make the layers.

        Args:
            sizes: how many numbers a token has: when it comes in, after the first layer, after the second, and so on.
                Two sizes or more, as a list or a tuple, each at least 1. The same size may occur twice.
                With two sizes there is one layer, and no ReLU. The list belongs to the caller: it is left unchanged,
                and when the caller changes it later, the net stays as it is.
        """
        raise NotImplementedError("DeepNet.__init__")

    def forward(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """Send every token through all the layers, with a ReLU between each layer and the next.

        Args:
            x: at least one token, shape (..., n_in), where n_in is the first of the sizes, with any number of
                dimensions in front, or none. It has the dtype and the device of the parameters. It is not modified.

        Returns:
            A new tensor, shape (..., n_out), where n_out is the last of the sizes, with the dtype and device of x.
            Gradients flow back to x and to the parameters of every layer.
        """
        raise NotImplementedError("DeepNet.forward")


def hidden_activations(net: SimpleNet, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_hidden"]:
    """Show what stands between the two layers of a net: the numbers after its ReLU.

    Args:
        net: a SimpleNet, as your own class makes it. It is left as it is: its numbers, their .grad, its mode.
        x: at least one token, shape (..., n_in), with the dtype and device of the net. It is not modified.

    Returns:
        A new tensor, shape (..., n_hidden): what `net` hands to its second layer when it is called with x.
        It has the dtype and device of x. Gradients flow back to x and to the parameters of the first layer.

    Example:
        >>> hidden_activations(SimpleNet(3, 8, 2), torch.ones(5, 3)).shape
        torch.Size([5, 8])
    """
    raise NotImplementedError("hidden_activations")
