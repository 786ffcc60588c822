import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.RegistryAddress;

class DnsExample {
    void open() {
        // @start region="open"
        var address = RegistryAddress.parse("dns://{name}.svc.local:8080");
        try (Treaty treaty = Treaty.open(Settings.DEFAULTS.withRegistry(address))) {
            treaty.registry().instances(new ServiceName("shop.Orders")); // of orders.svc.local
        }
        // @end
    }
}
