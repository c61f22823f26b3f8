-- Write. $1 integer: by how much; $2 integer: the product. The recorder draws 1 to 15, so that GREATEST never takes anything away: an audit
-- adds up what was acknowledged and compares the sum.
UPDATE business_products
SET stock = GREATEST(0, stock + $1)
WHERE id = $2
