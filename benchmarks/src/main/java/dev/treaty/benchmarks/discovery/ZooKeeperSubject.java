package dev.treaty.benchmarks.discovery;

import dev.treaty.registry.RegistryAddress;

/** Treaty's clients of a real ZooKeeper. */
final class ZooKeeperSubject extends ZooKeeper {
    @Override
    public String name() {
        return "zookeeper";
    }

    @Override
    public String about() {
        return "Treaty's clients of a ZooKeeper of one server, in the process that measures, on loopback";
    }

    @Override
    Client client(String address) {
        return RegistryClient.of(new RegistryAddress.Provided("zookeeper", "//" + address));
    }
}
