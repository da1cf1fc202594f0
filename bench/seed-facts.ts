/** Host that the clients name in `X-Shop-Url`: the one of the demo's store. */
export const shopHost = 'demo-shop.gomus.de';

/** The demo's Spaaza chain. */
export const chainId = 123;

/** When the seeded customers were last changed; an update that changes nothing must leave this as it is. */
export const seededAt = '2024-03-01T10:00:00.000Z';
