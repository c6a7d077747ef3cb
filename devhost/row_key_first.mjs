// Azurite looks for an entity by its partition first, and then through every row of that: writing many rows takes time
// by the square of their number. This asks its database the same the other way round: row keys are indexed, and few are
// equal.
import { createRequire } from "node:module";

const { prototype } = createRequire(process.argv[1])("lokijs").Collection;
const { findOne } = prototype;

prototype.findOne = function (query) {
  const { RowKey, ...others } = query ?? {};
  return findOne.call(this, RowKey === undefined ? query : { RowKey, ...others });
};
