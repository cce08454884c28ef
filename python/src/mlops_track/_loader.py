"""Follows the execution of a module that is being imported."""


def wrap(loader, name, execute_module):
    """Makes the loader run execute_module(execute, module) in place of execute(module), for one module and once.

    The loader itself stays in place, so that its type and its other methods are what everybody expects. False where it
    cannot be wrapped.
    """
    if isinstance(loader, type) or not hasattr(loader, "exec_module"):
        return False
    execute = loader.exec_module

    def exec_module(module):
        if module.__name__ != name:  # a loader shared by several modules, as that of a zip file
            return execute(module)
        vars(loader).pop("exec_module", None)
        return execute_module(execute, module)

    try:
        loader.exec_module = exec_module
    except AttributeError:  # a loader with __slots__
        return False
    return True
