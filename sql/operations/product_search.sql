-- Read. $1 text: the category.
SELECT id, name, price, stock, category
FROM business_products
WHERE category = $1 AND stock > 0
ORDER BY price
LIMIT 10
