import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.registry.RegistryAddress;

class ZooKeeperExample {
    void open() {
        // @start region="open"
        var address = RegistryAddress.parse("zookeeper://10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181");
        try (Treaty treaty = Treaty.open(Settings.DEFAULTS.withRegistry(address))) {
            treaty.registry().services().forEach(System.out::println);
        }
        // @end
    }
}
