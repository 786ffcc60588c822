package dev.treaty.cli.contract;

import dev.treaty.cli.CommandFailed;
import dev.treaty.core.contract.ServiceContract;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads contracts from classes that this process does not have. */
public final class ContractClasses {
    private ContractClasses() {}

    /**
     * Reads the contract of an interface.
     *
     * @param option where the user sets the class path
     * @throws CommandFailed if the interface cannot be loaded
     */
    public static ServiceContract read(String name, List<Path> classPath, String option) throws IOException {
        URL[] urls = new URL[classPath.size()];
        for (int i = 0; i < urls.length; i++) {
            if (!Files.exists(classPath.get(i))) {
                throw new CommandFailed(classPath.get(i) + " does not exist: check " + option);
            }
            urls[i] = classPath.get(i).toUri().toURL();
        }
        try (var loader = new URLClassLoader(urls, ContractClasses.class.getClassLoader())) {
            return ServiceContract.of(Class.forName(name, false, loader));
        } catch (ClassNotFoundException | LinkageError e) {
            throw new CommandFailed("class " + name + " cannot be loaded (" + e + "): check " + option);
        }
    }
}
