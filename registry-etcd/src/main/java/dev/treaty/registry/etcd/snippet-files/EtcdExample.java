import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.registry.RegistryAddress;

class EtcdExample {
    void open() {
        // @start region="open"
        var address = RegistryAddress.parse("etcd://10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379");
        try (Treaty treaty = Treaty.open(Settings.DEFAULTS.withRegistry(address))) {
            treaty.registry().services().forEach(System.out::println);
        }
        // @end
    }
}
