// The npm client of Consul against the door of a registry: prints one line of JSON for each step.
import Consul from 'consul';

const [port] = process.argv.slice(2);
const consul = new Consul({ host: '127.0.0.1', port: Number(port) });
const say = (value) => console.log(JSON.stringify(value));

await consul.agent.service.register({
  name: 'shop.Orders',
  id: 'orders-node',
  address: '127.0.0.1',
  port: 9001,
  tags: ['node'],
  meta: { team: 'shop' },
  check: { ttl: '1h' },
});
say((await consul.health.service({ service: 'shop.Orders', passing: true })).map((e) => e.Service.ID));
await consul.agent.check.pass({ id: 'service:orders-node', note: 'well' });
const passing = await consul.health.service({ service: 'shop.Orders', passing: true });
say(passing.map((e) => [e.Service.ID, e.Service.Address, e.Service.Port, e.Service.Tags, e.Service.Meta.team]));
say(passing[0].Checks.map((c) => [c.Status, c.Output]));
say(await consul.catalog.service.list());

// A watch is a chain of blocking queries.
const watch = consul.watch({
  method: consul.health.service,
  options: { service: 'shop.Orders', passing: true },
  backoffFactor: 100,
});
const seen = [];
let woken = () => {};
watch.on('change', (entries) => {
  const ids = entries.map((e) => e.Service.ID);
  if (JSON.stringify(ids) !== JSON.stringify(seen.at(-1))) {
    seen.push(ids); // a query whose time is over answers with what was known
  }
  woken();
});
watch.on('error', (e) => say({ error: String(e) }));
const change = (count) =>
  new Promise((resolve) => {
    woken = () => seen.length >= count && resolve();
    woken();
  });
await change(1);
await consul.agent.service.register({ name: 'shop.Orders', id: 'orders-two', address: '127.0.0.1', port: 9002 });
await change(2);
await consul.agent.service.deregister('orders-two');
await change(3);
watch.end();
say(seen);
await consul.agent.service.deregister('orders-node');
say((await consul.health.service('shop.Orders')).length);
process.exit(0);
