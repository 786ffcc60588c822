package dev.treaty.registry.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ContractException;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.text.PrintableText;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.spi.ContractHistory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Checks the parts of requests to a registry, and creates the faults that answer illegal ones. */
public final class Requests {
    private Requests() {}

    /** Reads a part of a request; an {@link IllegalArgumentException} becomes the fault invalid_argument. */
    public static <T> T read(String what, Supplier<T> reader) {
        try {
            return reader.get();
        } catch (IllegalArgumentException e) {
            throw invalid(what + ": " + e.getMessage());
        }
    }

    public static ServiceName service(String name) {
        return read("service", () -> new ServiceName(name));
    }

    public static ServiceContract contract(String text) {
        checkLength("the contract", text.length(), RegistryLimits.CONTRACT_LENGTH_MAX);
        return read("contract", () -> ServiceContract.parse(text));
    }

    /** Returns the contracts that this version of Treaty can read; others were written by other programs. */
    public static List<ServiceContract> readableContracts(List<String> texts) {
        var contracts = new ArrayList<ServiceContract>();
        for (String text : texts) {
            try {
                contracts.add(ServiceContract.parse(text));
            } catch (ContractException e) {
                // the other contracts are of use
            }
        }
        return contracts;
    }

    public static void checkHealth(String id, ServiceHealth health) {
        checkLength("instance " + id + ": its health", health.length(), ServiceHealth.LENGTH_MAX);
    }

    /**
     * Checks whether an instance may become another one.
     *
     * @throws IllegalArgumentException if the id or the service differs
     */
    public static void checkUpdate(ServiceInstance before, ServiceInstance after) {
        if (!after.id().equals(before.id())) {
            throw new IllegalArgumentException(
                    "instance " + before.id() + " cannot become " + after.id() + ": an instance keeps its id");
        }
        if (!after.service().equals(before.service())) {
            throw new IllegalArgumentException("instance " + before.id() + " of " + before.service()
                    + " cannot become one of " + after.service() + ": an instance keeps its service");
        }
    }

    /**
     * Checks what is to be stored as central settings.
     *
     * @throws IllegalArgumentException if the text is too long or not printable, or the number does not go forward
     */
    public static void checkSettings(long expected, Stored next) {
        int length = next.text().length();
        if (length > SettingsStore.TEXT_LENGTH_MAX) {
            throw new IllegalArgumentException("the central settings have " + length + " characters: at most "
                    + SettingsStore.TEXT_LENGTH_MAX + " are allowed");
        }
        if (!PrintableText.lines(next.text()).equals(next.text())) {
            throw new IllegalArgumentException(
                    "the central settings have a character that is not printable: escape it");
        }
        if (expected < 0 || next.number() < Math.max(1, expected)) {
            throw new IllegalArgumentException("central settings with number " + next.number()
                    + " cannot replace those with number " + expected + ": use a higher one");
        }
    }

    static void checkLength(String what, int length, int max) {
        if (length > max) {
            throw invalid(what + " has " + length + " characters: at most " + max + " are allowed");
        }
    }

    /** Publishes a contract; one that breaks clients becomes the fault failed_precondition. */
    public static ContractHistory publish(
            ContractHistory history, ServiceContract contract, Set<String> live, boolean force) {
        try {
            return history.publish(contract, live, force);
        } catch (IncompatibleContractException e) {
            throw new ServiceException(Code.FAILED_PRECONDITION, String.valueOf(e.getMessage()));
        }
    }

    /** Sends a request of this program; a refusal becomes the exception that the program gets. */
    public static void run(Runnable request) {
        try {
            request.run();
        } catch (ServiceException e) {
            throw refusal(e);
        }
    }

    /** Returns the exception that a program gets for a fault. */
    public static RuntimeException refusal(ServiceException e) {
        String message = e.fault().message();
        return switch (e.code()) {
            case INVALID_ARGUMENT, ALREADY_EXISTS, NOT_FOUND -> new IllegalArgumentException(message, e);
            case FAILED_PRECONDITION, RESOURCE_EXHAUSTED -> new IllegalStateException(message, e);
            case UNIMPLEMENTED -> new UnsupportedOperationException(message, e);
            default -> e;
        };
    }

    static ServiceException invalid(String message) {
        return new ServiceException(Code.INVALID_ARGUMENT, message);
    }

    static ServiceException limitReached(String message) {
        return new ServiceException(Code.RESOURCE_EXHAUSTED, message);
    }

    public static ServiceException notRegistered(String id) {
        return new ServiceException(
                Code.NOT_FOUND, "instance " + id + " is not registered: its lease expired, so register it again");
    }

    public static ServiceException registeredByAnother(String id) {
        return new ServiceException(
                Code.ALREADY_EXISTS,
                "instance " + id + " is registered by another process: choose another id, or wait until its lease"
                        + " expires");
    }

    public static ServiceException registeredForAnotherService(String id, ServiceName service) {
        return invalid("instance " + id + " is registered as " + service + ": an id cannot change its service");
    }
}
