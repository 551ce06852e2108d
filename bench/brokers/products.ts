/** The brokers of the bench: how each is started, and why it cannot be. */
import type { BrokerCluster, BrokerProduct } from '../../test/brokers/broker-cluster.ts';
import { startMosquittoNode, withoutMosquitto } from '../../test/brokers/mosquitto-node.ts';
import { startNatsCluster, withoutNats } from '../../test/brokers/nats-cluster.ts';
import { startRabbitmqCluster, withoutRabbitmq } from '../../test/brokers/rabbitmq-cluster.ts';

/** A broker of the bench. `start`: with the configuration of docs/brokers, as a cluster of three where the product has clusters. */
export interface BrokerUnderTest {
  readonly product: BrokerProduct;
  readonly name: string;
  /** Why it cannot be started; false if it can. */
  readonly skip: string | false;
  readonly hasCluster: boolean;
  readonly start: () => Promise<BrokerCluster>;
}

/** All brokers of the page, installed or not. */
export const BROKERS: readonly BrokerUnderTest[] = [
  { product: 'mosquitto', name: 'Mosquitto', skip: withoutMosquitto(), hasCluster: false, start: () => startMosquittoNode() },
  { product: 'rabbitmq', name: 'RabbitMQ', skip: withoutRabbitmq(), hasCluster: true, start: () => startRabbitmqCluster() },
  { product: 'nats', name: 'NATS', skip: withoutNats(), hasCluster: true, start: () => startNatsCluster() },
];
