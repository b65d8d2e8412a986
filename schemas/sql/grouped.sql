-- Whole thousandths of TPP as a person reads them, as schemas/tpp.py has it; not below zero.
CREATE OR REPLACE MACRO grouped(amount_mtpp) AS
    format('{:,}', amount_mtpp // 1000) || CASE WHEN amount_mtpp % 1000 = 0 THEN ''
    ELSE '.' || rtrim(lpad((amount_mtpp % 1000)::VARCHAR, 3, '0'), '0') END;
