-- Write. $1 integer: by how much, negative for less; $2 integer: the product.
UPDATE business_products
SET stock = GREATEST(0, stock + $1)
WHERE id = $2
